FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 HOST=0.0.0.0 PATH=/home/shop/.local/bin:$PATH
RUN useradd --create-home shop
WORKDIR /home/shop/storefront
RUN mkdir ../data && chown shop:shop . ../data
USER shop
COPY requirements.txt .
RUN pip install --user --no-warn-script-location -r requirements.txt
COPY --chown=shop:shop . .
# Static files do not depend on the key; the real one comes with the environment.
RUN SECRET_KEY=not-used-to-sign-anything python manage.py collectstatic --noinput
EXPOSE 8000
CMD ["gunicorn", "--config", "python:storefront.gunicorn"]
